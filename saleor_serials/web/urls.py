"""The plugin's own pages; ``routing`` sends their requests here."""

from django.urls import path

from saleor_serials.config import EXPORTS_PATH
from saleor_serials.web.downloads import export_file

urlpatterns = [path(f"{EXPORTS_PATH}<path:token>", export_file)]
