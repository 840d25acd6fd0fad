"""Keep the shop open for trying by hand."""

import json

from demo import serials, shop
from demo.api import Api
from demo.hosts import host
from demo.services.stage import OWNER, OWNER_PASSWORD, Stage, shown
from demo.terminal import Terminal

CUSTOMERS = ("Ada", "Ben")


def keep_open(terminal: Terminal, stage: Stage) -> None:
    """Say how to get in, then show each mail as it is sent, until somebody interrupts.

    Raises:
        ProcessError: a part has ended by itself.
    """
    _invite(terminal, stage)
    while True:
        stage.check()
        mail = stage.inbox.next(seconds=1)
        if mail is not None:
            terminal.letter(
                (("From", mail.sender), ("To", mail.to), ("Subject", mail.subject)), mail.text
            )


def _invite(terminal: Terminal, stage: Stage) -> None:
    terminal.section("The shop is open")
    terminal.say(f"GraphQL answers at {stage.api.url} to POST requests. {host.ON_A_VISIT}")
    terminal.table(
        ("who", "e-mail", "password"),
        [
            ("the owner", OWNER, OWNER_PASSWORD),
            *((name, shop.email_of(name), shop.password_of(name)) for name in CUSTOMERS),
        ],
    )
    terminal.say(
        "`tokenCreate(email: , password: )` gives a token, which goes into the header "
        f"`Authorization: {host.TOKEN_SCHEME} <token>`. These lines have one already."
    )
    ben = stage.api.log_in(shop.email_of("Ben"), shop.password_of("Ben"))
    owner = stage.api.log_in(OWNER, OWNER_PASSWORD)
    terminal.heading("Ben's orders and their serials")
    terminal.plain(_curl(ben, " ".join(serials.MY_ORDERS.split())))
    terminal.gap()
    terminal.heading("Put two serials into the pack, as the owner")
    terminal.plain(_curl(owner, _two_more(serials.first_pack(owner))))
    terminal.say(
        f"What the shop e-mails appears here, and stays in {shown(stage.inbox.folder)}. Celery "
        "beat sweeps every minute. Ctrl-C closes the shop; the next `make serve` opens it as it "
        "was."
    )


def _two_more(pack: str) -> str:
    return (
        f'mutation {{ serialsCreate(input: {{pack: "{pack}", '
        'data: ["ST-1HND-A2BC", "ST-1HND-D3EF"]}) '
        "{ serialBatch { name quantity } errors { code field index message } } }"
    )


def _curl(api: Api, document: str) -> str:
    return (
        f"curl -s {api.url} -H 'Content-Type: application/json' "
        f"-H 'Authorization: {api.authorization}' -d '{json.dumps({'query': document})}'"
    )
