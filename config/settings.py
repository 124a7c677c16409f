"""Django's settings, from the environment (config.env) and the data folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from csp.constants import NONCE, NONE, SELF

from config import env, keys, logs

BATON = env.read()
ROOT = env.ROOT
DATA: Path = BATON.baton_data.expanduser().resolve()
PRODUCTION = BATON.baton_env == "production"
COMMAND = sys.argv[1] if len(sys.argv) > 1 and Path(sys.argv[0]).name == "manage.py" else ""

_KEYS = keys.load(DATA, BATON)
SECRET_KEY = _KEYS.secret_key
FIELD_KEYS = _KEYS.field_keys
DEBUG = False

# Addresses

_public = urlsplit(BATON.public_url)
SECURE = _public.scheme == "https"
# The loopback is always among them, for probes from the machine itself.
ALLOWED_HOSTS = [host.strip() for host in BATON.allowed_hosts.split(",") if host.strip()] + [
    "localhost",
    "127.0.0.1",
    "[::1]",
]
if _public.hostname and _public.hostname not in ALLOWED_HOSTS:
    ALLOWED_HOSTS.append(_public.hostname)
CSRF_TRUSTED_ORIGINS = [BATON.public_url] if BATON.public_url else []
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "projects"
APPEND_SLASH = False

# Apps

# Daphne is none of them: as an app it offers `runserver` alone, and every process would load its server.
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "channels",
    "ninja",
    "django_htmx",
    "template_partials",
    "axes",
    "csp",
    "projects",
    "agents",
    "builder",
    "runs",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
    "config.middleware.ErrorPages",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "config.navigation.nav",
            ]
        },
    }
]
STATIC_URL = "/static/"
STATIC_ROOT = DATA / "static"  # empty where nothing was collected: whitenoise serves from the apps then
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
STATICFILES_DIRS = [ROOT / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 0 if not PRODUCTION else 3600
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Database

_LONG_LIVED = COMMAND in ("worker", "scheduler")


def _database() -> dict[str, Any]:
    url = urlsplit(BATON.database_url)
    if url.scheme in ("postgres", "postgresql"):
        options: dict[str, Any] = {
            "options": "-c statement_timeout=15s -c lock_timeout=5s -c idle_in_transaction_session_timeout=15s"
        }
        if COMMAND == "web":
            options["pool"] = {"min_size": 1, "max_size": 10, "timeout": 5}
        query = dict(part.split("=", 1) for part in url.query.split("&") if "=" in part)
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(url.path.lstrip("/")),
            "USER": unquote(url.username or ""),
            "PASSWORD": unquote(url.password or ""),
            "HOST": unquote(query.get("host", url.hostname or "")),
            "PORT": str(url.port or ""),
            # Workers and the scheduler keep a connection for each thread; the web process borrows from a pool.
            "CONN_MAX_AGE": None if _LONG_LIVED else 0,
            "OPTIONS": options,
            "TEST": {"NAME": f"test_{unquote(url.path.lstrip('/'))}"},
        }
    path = Path(unquote(url.path)) if url.scheme == "sqlite" else DATA / "baton.sqlite3"
    return {
        # Under ASGI each request has a thread of its own: a connection that its thread kept would be nobody's.
        "ENGINE": "config.sqlite" if COMMAND == "web" else "django.db.backends.sqlite3",
        "NAME": path,
        "CONN_MAX_AGE": None if _LONG_LIVED else 0,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA busy_timeout=20000;",
        },
        # The in-memory default shares its cache and fails with "table is locked" under threads.
        "TEST": {"NAME": DATA / "test.sqlite3"},
    }


DATABASES = {"default": _database()}

# Redis, channels, Celery

REDIS_SOCKET = keys.socket_path(DATA)
REDIS_URL = BATON.redis_url or f"unix://{REDIS_SOCKET}"
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "projects.layer.PipelinedLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": "baton.ws"},
    }
}
CELERY_QUEUE = "baton"
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_TASK_DEFAULT_QUEUE = CELERY_QUEUE
CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_BACKEND_THREAD_SAFE = True  # there is none, and no thread needs to make its own one
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_ACCEPT_CONTENT = ["json"]
_worker = COMMAND == "worker"
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # A task delivered twice finds nothing to do, so redelivery may be quick; both restore options are needed for it.
    "visibility_timeout": 300,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    # A worker's read blocks for a second on an empty queue; a web process must never wait long for a frozen Redis.
    "socket_timeout": 10 if _worker else 1,
    "socket_connect_timeout": 2 if _worker else 0.5,
    "health_check_interval": 10,
}

# People

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
CSRF_COOKIE_SAMESITE = "Lax"
if SECURE:
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = ["^healthz$", "^readyz$", "^metrics$"]  # probes come past the proxy
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# Browsers and bodies

SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}
NINJA_PAGINATION_MAX_LIMIT = 500
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # the subdomains of the host are not ours to decide about
    "security.W021",  # nor whether browsers preload it
]
_json = BATON.log_format == "json" or (PRODUCTION and not BATON.log_format)
LOGGING = logs.configure("json" if _json else "text", BATON.log_level.upper())
