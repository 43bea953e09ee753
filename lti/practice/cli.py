"""The command that serves the practice platform."""

from pathlib import Path

import click

from lti.practice.settings import PracticeSettings

DEFAULTS = PracticeSettings()


@click.command("practice-platform")
@click.option("--port", type=click.IntRange(1, 65535), default=9000, show_default=True, help="Port on this machine.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=DEFAULTS.folder,
    show_default=True,
    help="Where grades, line items and the signing key are kept.",
)
@click.option("--tool-url", default=DEFAULTS.tool_url, show_default=True, help="Where Every Seat runs.")
@click.option("--offer", default=DEFAULTS.offer_slug, show_default=True, help="The offer of the third link.")
@click.option("--offer-label", default=DEFAULTS.offer_label, show_default=True, help="What that link says.")
@click.option("--client-storage", is_flag=True, help="Let the tool keep state in the platform's page (not in Moodle).")
@click.option("--deep-linking-data", help="What the tool has to send back with its content items (not in Moodle).")
def practice_platform(
    *,
    port: int,
    folder: Path,
    tool_url: str,
    offer: str,
    offer_label: str,
    client_storage: bool,
    deep_linking_data: str | None,
) -> None:
    """Serve a practice learning platform, to try launches on. Needs everyseat[practice]."""
    try:
        from lti.practice.app import create_practice_platform
    except ImportError as error:
        if (error.name or "").partition(".")[0] != "lti1p3platform":
            raise
        raise click.ClickException(
            "The practice platform needs lti1p3platform. Install everyseat[practice]."
        ) from error
    from werkzeug.serving import run_simple

    settings = PracticeSettings(
        url=f"http://localhost:{port}",
        tool_url=tool_url.rstrip("/"),
        folder=folder,
        offer_slug=offer,
        offer_label=offer_label,
        client_storage=client_storage,
        deep_linking_data=deep_linking_data,
    )
    app = create_practice_platform(settings)
    click.echo(f"Practice platform: {settings.url}")
    click.echo("Register it in Every Seat with:")
    for name, value in (
        ("issuer", settings.url),
        ("client id", settings.client_id),
        ("deployment id", settings.deployment_id),
        ("key set", settings.key_set_url),
        ("authorisation URL", settings.auth_url),
        ("token URL", settings.token_url),
        ("configuration", settings.configuration_url),
    ):
        click.echo(f"  {name:18} {value}")
    run_simple("127.0.0.1", port, app, threaded=True)
