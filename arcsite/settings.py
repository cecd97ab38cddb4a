"""Every setting of the service, read from the environment once, here.

Secrets come from the environment, from ``*_FILE`` paths, or from the private data directory that
``python3 manage.py up`` creates; there is no default secret.
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from arcsite import databases, stores

BASE_DIR = Path(__file__).resolve().parent.parent


def env_text(name: str, default: str) -> str:
    return os.environ.get(name, "").strip() or default


def env_int(name: str, default: int, *, low: int, high: int) -> int:
    """An integer within [low, high]; anything else stops the start with the reason."""
    text = env_text(name, str(default))
    if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
        raise ImproperlyConfigured(f"{name}={text!r} must be a whole number from {low} to {high}.")
    return int(text)


def env_flag(name: str, default: str) -> bool:
    """Either "on" or "off"; anything else stops the start, because a slip must not switch a guard off."""
    text = env_text(name, default)
    if text not in {"on", "off"}:
        raise ImproperlyConfigured(f"{name}={text!r} must be on or off.")
    return text == "on"


def env_secret_path(name: str, fallback: Path) -> Path | None:
    """The file that the secret is read from: ``NAME_FILE`` or the fallback; None when ``NAME`` holds it."""
    return None if env_text(name, "") else Path(env_text(f"{name}_FILE", str(fallback)))


def env_secret(name: str, fallback: Path) -> str:
    """The secret itself: ``NAME``, else the file ``NAME_FILE``, else the data directory's file."""
    value, path = env_text(name, ""), env_secret_path(name, fallback)
    if path is not None:
        try:
            value = path.read_text(encoding="ascii").strip()
        except OSError as error:
            raise ImproperlyConfigured(
                f"{name} is not set and {path} cannot be read ({error.strerror}). "
                "Run `python3 manage.py up` once to create the data directory and its secrets."
            ) from None
    if len(value) < 32:
        raise ImproperlyConfigured(f"{name} must be at least 32 characters long.")
    return value


def env_or_file(name: str) -> str:
    """``NAME``, else what the file ``NAME_FILE`` holds, else the empty text."""
    path = env_text(f"{name}_FILE", "")
    if env_text(name, "") or not path:
        return env_text(name, "")
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE={path!r} cannot be read ({error.strerror}).") from None


DATA_DIR = Path(env_text("ARC_DATA", str(BASE_DIR / ".data"))).absolute()
SECRET_KEY = env_secret("ARC_SECRET_KEY", DATA_DIR / "secrets" / "secret_key")
ARC_MASTER_KEY = env_secret("ARC_MASTER_KEY", DATA_DIR / "secrets" / "master_key")
ARC_MASTER_KEY_PATH = env_secret_path("ARC_MASTER_KEY", DATA_DIR / "secrets" / "master_key")
ARC_PEPPER = env_secret("ARC_PEPPER", DATA_DIR / "secrets" / "pepper")

# One address decides what the browser may be told: https brings Secure cookies and HSTS.
ARC_PUBLIC_URL = env_text("ARC_PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
_public = urlsplit(ARC_PUBLIC_URL)
if _public.scheme not in {"http", "https"} or not _public.hostname:
    raise ImproperlyConfigured("ARC_PUBLIC_URL must look like https://cover.example.org")
LOOPBACK_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
ARC_HTTPS = _public.scheme == "https"

DEBUG = False
ALLOWED_HOSTS = [_public.hostname, *([] if ARC_HTTPS else LOOPBACK_HOSTS)]
CSRF_TRUSTED_ORIGINS = [ARC_PUBLIC_URL]

# What the product promises, in numbers.
ARC_UNDO_SECONDS = env_int("ARC_UNDO_SECONDS", 10, low=0, high=3600)
ARC_CLAIM_MINUTES = env_int("ARC_CLAIM_MINUTES", 10, low=1, high=120)
ARC_SKIP_MINUTES = env_int("ARC_SKIP_MINUTES", 60, low=1, high=1440)
ARC_LEASE_SECONDS = env_int("ARC_LEASE_SECONDS", 60, low=5, high=600)
ARC_REVIEW_DAYS = env_int("ARC_REVIEW_DAYS", 30, low=1, high=30)
ARC_CONTEST_DAYS = env_int("ARC_CONTEST_DAYS", 14, low=1, high=90)
# Hours: a partner that has not confirmed a withdrawal by then, or asked for nothing, is an alarm.
ARC_TOMBSTONE_HOURS = env_int("ARC_TOMBSTONE_HOURS", 24, low=1, high=720)
ARC_SILENCE_HOURS = env_int("ARC_SILENCE_HOURS", 24, low=1, high=720)
ARC_PHOTOS_PER_CASE = env_int("ARC_PHOTOS_PER_CASE", 10, low=1, high=50)
# What a reviewer may look at in a day, and when they must rest.
ARC_EXPOSURE_PHOTOS = env_int("ARC_EXPOSURE_PHOTOS", 250, low=1, high=1000)
ARC_EXPOSURE_MINUTES = env_int("ARC_EXPOSURE_MINUTES", 240, low=1, high=480)
ARC_BREAK_AFTER_MINUTES = env_int("ARC_BREAK_AFTER_MINUTES", 50, low=1, high=120)
ARC_BREAK_MINUTES = env_int("ARC_BREAK_MINUTES", 10, low=1, high=120)
ARC_DAY_HOUR = env_int("ARC_DAY_HOUR", 0, low=0, high=23)
ARC_PHOTO_MAX_BYTES = 15_000_000
ARC_UPLOAD_MAX_BYTES = 60_000_000
ARC_TASK_ATTEMPTS = 3
# Tries from one network (IPv4 /24, IPv6 /56): uploads an hour, look-ups and sign-ins a quarter of an hour.
ARC_LIMIT_UPLOADS = env_int("ARC_LIMIT_UPLOADS", 600, low=1, high=1_000_000)
ARC_LIMIT_LOOKUPS = env_int("ARC_LIMIT_LOOKUPS", 100, low=1, high=1_000_000)
ARC_LIMIT_SIGN_INS = env_int("ARC_LIMIT_SIGN_INS", 20, low=1, high=1_000_000)
# Calls a minute with one partner key; a page of the feed is one.
ARC_LIMIT_CALLS = env_int("ARC_LIMIT_CALLS", 3000, low=1, high=1_000_000)
# Of one partner: photos it may ask about in a minute, and questioned photos that pause matching in a day.
ARC_LIMIT_MATCHES = env_int("ARC_LIMIT_MATCHES", 600, low=1, high=1_000_000)
ARC_LIMIT_DISPUTES = env_int("ARC_LIMIT_DISPUTES", 20, low=0, high=1_000_000)
# The largest photo a partner may ask about.
ARC_MATCH_MEGABYTES = env_int("ARC_MATCH_MEGABYTES", 20, low=1, high=50)
# A system check refuses "off" wherever other people could reach the service.
ARC_REQUIRE_MFA = env_flag("ARC_REQUIRE_MFA", "on")
# Whether parents and legal guardians may send photos; a system check names what that asks of the operator.
ARC_GUARDIAN_ROUTE = env_flag("ARC_GUARDIAN_ROUTE", "off")
# Who may read /metrics; without a token that address is not there.
ARC_METRICS_TOKEN = env_or_file("ARC_METRICS_TOKEN")
if 0 < len(ARC_METRICS_TOKEN) < 32:
    raise ImproperlyConfigured("ARC_METRICS_TOKEN must be at least 32 characters long.")
ARC_LOG_FORMAT = env_text("ARC_LOG_FORMAT", "text")
if ARC_LOG_FORMAT not in {"text", "json"}:
    raise ImproperlyConfigured(f"ARC_LOG_FORMAT={ARC_LOG_FORMAT!r} must be text or json.")
# How many proxies in front are ours; only then is X-Forwarded-For read, from the right.
ARC_TRUSTED_PROXIES = env_int("ARC_TRUSTED_PROXIES", 0, low=0, high=5)

# Of the web server that `up` starts, four threads each.
ARC_WEB_PROCESSES = env_int("ARC_WEB_PROCESSES", 2, low=1, high=64)

# Sealed photos lie in this directory, or in the bucket that ARC_STORE_URL names.
STORE_DIR = DATA_DIR / "store"
ARC_STORE = stores.place(env_text("ARC_STORE_URL", ""))
# Wakes workers on other hosts sooner than the database does. What it loses, the sweep finds.
ARC_REDIS_URL = stores.redis(env_or_file("ARC_REDIS_URL"))

INSTALLED_APPS = [
    "arcsite.apps.ArcsiteConfig",
    "matching.apps.MatchingConfig",
    "review.apps.ReviewConfig",
    "enrollment.apps.EnrollmentConfig",
    "whitenoise.runserver_nostatic",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_q",
]

# What only dresses the answer stands outermost, so that refusals wear it too; none of it reads the body.
MIDDLEWARE = [
    "arcsite.middleware.SafetyHeaders",
    "arcsite.operations.middleware.AnyNameForWatchers",
    "arcsite.languages.LanguageOfAddress",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "arcsite.middleware.RefuseOversizedBody",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "arcsite.second_factor.NothingSuspended",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "arcsite.second_factor.SecondFactorRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "arcsite.urls"
WSGI_APPLICATION = "arcsite.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

DATABASES: dict[str, dict[str, Any]] = {
    "default": databases.database(env_or_file("DATABASE_URL"), DATA_DIR / "db.sqlite3")
}

# Retries belong to the sweep; the queue only wakes. A positive save_limit would lock every success row.
Q_CLUSTER: dict[str, Any] = {
    "name": "arc",
    "orm": "default",
    "workers": 2,
    "queue_limit": 2,
    "bulk": 1,
    "poll": 1,
    "timeout": 60,
    "retry": 300,
    "max_attempts": 1,
    "ack_failures": True,
    "guard_cycle": 0.5,
    "catch_up": False,
    "recycle": 50,
    "max_rss": 700_000,
    "save_limit": -1,
}

if ARC_REDIS_URL:
    del Q_CLUSTER["orm"]
    Q_CLUSTER["redis"] = ARC_REDIS_URL
    CACHES = {"default": {"BACKEND": "arcsite.forgiving_cache.ForgivingRedis", "LOCATION": ARC_REDIS_URL}}

# Not allauth's own: it lets disabled accounts through to a page that would tell the password was right.
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "review:start"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "arcsite.accounts.StaffAccountAdapter"
ACCOUNT_FORMS = {"change_password": "arcsite.accounts.CountedChangePasswordForm"}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
# allauth keys its limits by address in a cache; ours are exact and keep no address.
ACCOUNT_RATE_LIMITS = False
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "ARC"
# One step of 30 s to either side: people type slowly and phones are a little off.
MFA_TOTP_TOLERANCE = 1
MFA_ADAPTER = "arcsite.accounts.StaffMFAAdapter"
MFA_FORMS = {
    "activate_totp": "arcsite.accounts.OneTimeActivateForm",
    "authenticate": "arcsite.accounts.CountedAuthenticateForm",
    "reauthenticate": "arcsite.accounts.CountedReauthenticateForm",
}

SESSION_COOKIE_AGE = 30 * 60
SESSION_SAVE_EVERY_REQUEST = True
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SAMESITE = "Strict"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_HTTPONLY = True
# Django's default would leave a cookie on a shared device for a year.
CSRF_COOKIE_AGE = None
CSRF_FAILURE_VIEW = "arcsite.errors.csrf_failure"
if ARC_HTTPS:
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = True
    # Watchers ask on the machine itself, behind the proxy.
    SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True

X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
# "no-referrer" makes Chromium send "Origin: null", which breaks every form.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

# Django would spool uploads over 2.5 MB to a temporary file in clear text.
FILE_UPLOAD_HANDLERS = ["enrollment.uploads.CappedMemoryUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = ARC_UPLOAD_MAX_BYTES
DATA_UPLOAD_MAX_MEMORY_SIZE = 100_000
DATA_UPLOAD_MAX_NUMBER_FILES = ARC_PHOTOS_PER_CASE + 1
DATA_UPLOAD_MAX_NUMBER_FIELDS = 100

# From the root: one file has one address in all languages.
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {"staticfiles": {"BACKEND": "arcsite.assets.NamedByContent"}}

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
# Each by its own name, as the picker shows it. To add one: README, "Languages".
LANGUAGES = [("en", "English"), ("es", "Español"), ("ar", "العربية"), ("fr", "Français")]
LOCALE_PATHS = [BASE_DIR / "arcsite" / "locale"]
FORMAT_MODULE_PATH = "arcsite.formats"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# Request lines, addresses and user agents are never logged; what remains goes to standard error.
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {"()": "arcsite.logs.TextLines", "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s"},
        "json": {"()": "arcsite.logs.JsonLines"},
    },
    "filters": {"no_request": {"()": "arcsite.logs.WithoutRequest"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": ARC_LOG_FORMAT, "filters": ["no_request"]},
        "null": {"class": "logging.NullHandler"},
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        # Its warnings name the path of every refused request, and people type all kinds of things there.
        "django.request": {"handlers": ["stderr"], "level": "ERROR", "propagate": False},
        "django.security.csrf": {"handlers": ["stderr"], "level": "ERROR", "propagate": False},
        "django.security.DisallowedHost": {"handlers": ["null"], "propagate": False},
        "django-q": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        # It tells at length which processor it was built for.
        "faiss": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
    },
}
