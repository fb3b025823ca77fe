"""The `askbox-api` command: reads the settings, and serves the API until it is told to stop."""

import gc
import logging
import os
import signal
import socket
import sys
from contextlib import suppress

from pydantic import ValidationError

from askbox_api.http.logs import configure
from askbox_api.settings import SECRETS, Settings, unknown_variables

log = logging.getLogger("askbox_api")


def main() -> None:
    """Serve; exit code 2 where the settings cannot be used, 1 where the port is taken."""
    settings = _settings()
    configure(level=settings.log_level, form=settings.log_format)
    for name in unknown_variables(os.environ):
        log.warning("%s is no setting of askbox; .env.example lists them all", name)
    _refuse_taken_port(settings)
    # Imported late: a wrong setting is told at once.
    import uvicorn

    from askbox_api.http.app import create_app

    try:
        app = create_app(settings)
    except (ValueError, OSError) as error:
        sys.exit(f"askbox-api: {error}")
    # What was loaded lives as long as the process: the collector need not look at it again and again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=settings.shutdown_grace,
    )
    # uvicorn ends what runs within its grace, then raises the signal anew: told to stop is no failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run()


def _settings() -> Settings:
    try:
        return Settings(_env_file=".env")
    except ValidationError as error:
        print("askbox-api: these settings cannot be used:", file=sys.stderr)
        for one in error.errors():
            name = "ASKBOX_" + "_".join(map(str, one["loc"])).upper()
            given = "" if name.removeprefix("ASKBOX_").lower() in SECRETS else f" (it is {one['input']!r})"
            print(f"  {name}: {one['msg'].removeprefix('Value error, ')}{given}", file=sys.stderr)
        sys.exit(2)
    except (OSError, UnicodeDecodeError) as error:
        print(f"askbox-api: the settings cannot be read: {error}", file=sys.stderr)
        sys.exit(2)


def _refuse_taken_port(settings: Settings) -> None:
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            sys.exit(
                f"askbox-api: cannot listen on {settings.host}:{settings.port}: {error.strerror}. "
                "Set ASKBOX_PORT (and ASKBOX_HOST) to an address that is free."
            )


if __name__ == "__main__":
    main()
