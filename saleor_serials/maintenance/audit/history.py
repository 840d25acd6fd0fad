"""Whether the history tells what serials are."""

from saleor_serials.maintenance.audit.rule import PLACE, Check, Finding, select


def _history() -> list[Finding]:
    return select(
        """
        WITH told AS MATERIALIZED (
            SELECT DISTINCT batch_id FROM saleor_serials_event
            WHERE serial_id IS NULL AND batch_id IS NOT NULL
        )
        SELECT s.id, s.id, s.pack_id FROM saleor_serials_serial AS s
        LEFT JOIN told ON told.batch_id = s.batch_id
        WHERE told.batch_id IS NULL
            AND NOT EXISTS (SELECT FROM saleor_serials_event WHERE serial_id = s.id)
        ORDER BY s.id
        """,
        "serial {} (pack {}) has no history",
    )


# What is imported with its holder was never assigned here: only its batch has a history.
def _last_event() -> list[Finding]:
    return select(
        f"""
        SELECT s.id, s.id, a.id, {PLACE}, coalesce(last.type, 'nothing')
        FROM saleor_serials_serial AS s
        JOIN saleor_serials_assignment AS a ON a.id = s.assignment_id
        LEFT JOIN saleor_serials_orderrecord AS r ON r.id = a.order_id
        LEFT JOIN LATERAL (
            SELECT e.type, e.to_status FROM saleor_serials_event AS e
            WHERE e.serial_id = s.id AND e.to_status <> '' ORDER BY e.id DESC LIMIT 1
        ) AS last ON TRUE
        WHERE CASE
            WHEN last.type IS NULL THEN coalesce(s.assigned_at > s.created_at, TRUE)
            ELSE last.type = 'released' OR last.to_status NOT IN ('assigned', 'used')
        END ORDER BY s.id
        """,
        "serial {} is on assignment {} ({}), and its history ends with: {}",
    )


def _events() -> list[Finding]:
    return select(
        """
        SELECT e.id, e.id, e.serial_id FROM saleor_serials_event AS e
        LEFT JOIN saleor_serials_serial AS s ON s.id = e.serial_id
        WHERE e.serial_id IS NOT NULL AND s.id IS NULL ORDER BY e.id
        """,
        "event {} is of serial {}, which does not exist",
    )


CHECKS = (
    Check(
        name="history",
        rule="each serial has a history, of its own or its batch's",
        advice="find out who wrote it past the plugin; add an event that says so",
        find=_history,
    ),
    Check(
        name="last event",
        rule="the history of a held serial ends with its assignment or what came of that",
        advice="find out who moved it past the plugin; release it, and assign it again by hand",
        find=_last_event,
    ),
    Check(
        name="events",
        rule="each event's serial exists",
        advice="bring the serial back from a backup: its data could be issued a second time",
        find=_events,
    ),
)
