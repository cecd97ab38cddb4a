"""Who gets what answer where: the authorisation matrix, one letter an actor, in the order of ACTORS.

    O  opens                        S  is led to sign in
    >  done, and led on             U  is led to set up a second factor
    F  opens with a form's errors   A  is asked for the second factor once more
    C  conflict: not theirs now     R  refused (403)
    N  nothing is there (404)       M  that method is not for this address (405)
    B  a body that cannot be meant  K  no valid partner key (401)
    P  postponed: not now (503)

The first three are people without an account (nobody, the case's sender, another case's sender), then five
roles of staff, of which the first has no second factor, then two superusers, the first without one, then
a partner's keys: one for the feed, one for questions and reports, a revoked one.
"""

from collections.abc import Iterator
from dataclasses import dataclass

OUTCOMES = {
    "O": "open", ">": "leads on", "F": "form", "C": "conflict", "N": "nothing", "S": "sign in", "U": "set up",
    "A": "again", "R": "refused", "M": "method", "K": "no key", "B": "body",
    "P": "postponed",
}  # fmt: skip
SHUT = frozenset("SUARMNK")

ALL_OPEN = "OOO OOOOO OO OOO"
NO_METHOD = "MMM MMMMM MM MMM"
NO_REVIEW_METHOD = "SSS UMMMM UM SSS"
NO_STAFF_METHOD = "SSS MMMMM MM SSS"
NO_ADMIN_METHOD = "SSS USSMM UM SSS"
OWN_ACCOUNT = "SSS OOOOO OO SSS"
ADMIN = "SSS USSOO UO SSS"
PARTNERS = "SSS USSOR UO SSS"
PARTNER_STEP = "SSS USS>R U> SSS"
AUDIT = "SSS USSRO UO SSS"
SUPERUSER = "SSS USSRR UO SSS"
NO_ADMIN_MAY = "SSS USSRR UR SSS"
NOT_THERE = "SSS USSNN UN SSS"

SAFE = "GET HEAD"
READ = "GET HEAD OPTIONS"
ALL = "GET HEAD POST PUT DELETE OPTIONS"
Row = dict[str, str]


@dataclass(frozen=True)
class Entry:
    """The addresses and, by methods, the letters of all actors."""

    names: str
    answers: Row


ENTRIES = (
    # For everybody.
    Entry(
        "enrollment:landing enrollment:cover enrollment:paint enrollment:limits enrollment:after",
        {SAFE: ALL_OPEN, "POST PUT DELETE OPTIONS": NO_METHOD},
    ),
    Entry(
        "enrollment:upload enrollment:status",
        {SAFE: ALL_OPEN, "POST": "FFF FFFFF FF FFF", "PUT DELETE OPTIONS": NO_METHOD},
    ),
    Entry(
        "enrollment:withdraw",
        {SAFE: ">OO >>>>> >> >>>", "POST": ">>> >>>>> >> >>>", "PUT DELETE OPTIONS": NO_METHOD},
    ),
    # Shut unless the operator opened it.
    Entry(
        "enrollment:upload_as_guardian",
        {"GET HEAD POST": "NNN NNNNN NN NNN", "PUT DELETE OPTIONS": NO_METHOD},
    ),
    # Neither case has an extended fingerprint, and no photo was deleted.
    Entry("enrollment:narrow", {"GET HEAD POST": ">>> >>>>> >> >>>", "PUT DELETE OPTIONS": NO_METHOD}),
    Entry(
        "enrollment:deletion",
        {SAFE: ">>N >>>>> >> >>>", "POST PUT DELETE OPTIONS": NO_METHOD},
    ),
    # The second photo of one case; the other case has one only.
    Entry(
        "enrollment:withdraw_photo",
        {SAFE: ">ON >>>>> >> >>>", "POST": ">>N >>>>> >> >>>", "PUT DELETE OPTIONS": NO_METHOD},
    ),
    # Neither photo is one that could be sent again now.
    Entry(
        "enrollment:resend",
        {SAFE: ">>N >>>>> >> >>>", "POST": ">>N >>>>> >> >>>", "PUT DELETE OPTIONS": NO_METHOD},
    ),
    # For whoever watches the service. Nobody has set a token for the metrics, so they are not there.
    Entry(
        "operations:healthz operations:transparency operations:transparency_document",
        {SAFE: ALL_OPEN, "POST PUT DELETE OPTIONS": NO_METHOD},
    ),
    # No worker runs here, so the service is not ready.
    Entry("operations:readyz", {SAFE: "PPP PPPPP PP PPP", "POST PUT DELETE OPTIONS": NO_METHOD}),
    Entry("operations:metrics", {SAFE: "NNN NNNNN NN NNN", "POST PUT DELETE OPTIONS": NO_METHOD}),
    Entry("enrollment:leave", {"POST": ">>> >>>>> >> >>>", "GET HEAD PUT DELETE OPTIONS": NO_METHOD}),
    # For partners.
    Entry(
        "matching:fingerprints",
        {"GET": "KKK KKKKK KK OKK", "HEAD POST PUT DELETE OPTIONS": NO_METHOD},
    ),
    Entry(
        "matching:status",
        {"GET": "KKK KKKKK KK OOK", "HEAD POST PUT DELETE OPTIONS": NO_METHOD},
    ),
    Entry(
        "matching:confirmations",
        {"POST": "KKK KKKKK KK BKK", "GET HEAD PUT DELETE OPTIONS": NO_METHOD},
    ),
    Entry(
        "matching:match",
        {"POST": "KKK KKKKK KK KBK", "GET HEAD PUT DELETE OPTIONS": NO_METHOD},
    ),
    Entry(
        "matching:sightings",
        {"POST": "KKK KKKKK KK KBK", "GET HEAD PUT DELETE OPTIONS": NO_METHOD},
    ),
    Entry(
        "matching:openapi matching:test_picture",
        {"GET": ALL_OPEN, "HEAD POST PUT DELETE OPTIONS": NO_METHOD},
    ),
    # For reviewers and leads; the reviewer holds the claim, the lead does not.
    Entry(
        "review:start review:queue",
        {"GET": "SSS UOORR UR SSS", "HEAD POST PUT DELETE OPTIONS": NO_REVIEW_METHOD},
    ),
    Entry(
        "review:photo review:image",
        {"GET": "SSS UOCRR UR SSS", "HEAD POST PUT DELETE OPTIONS": NO_REVIEW_METHOD},
    ),
    Entry(
        "review:next review:release",
        {"POST": "SSS U>>RR UR SSS", "GET HEAD PUT DELETE OPTIONS": NO_REVIEW_METHOD},
    ),
    Entry("review:resume", {"POST": "SSS U>>RR UR SSS", "GET HEAD PUT DELETE OPTIONS": NO_REVIEW_METHOD}),
    Entry(
        "review:settings review:pause",
        {"POST": "SSS UFFRR UR SSS", "GET HEAD PUT DELETE OPTIONS": NO_REVIEW_METHOD},
    ),
    Entry("review:extend", {"POST": "SSS U>CRR UR SSS", "GET HEAD PUT DELETE OPTIONS": NO_REVIEW_METHOD}),
    Entry("review:skip", {"POST": "SSS U>CRR UR SSS", "GET HEAD PUT DELETE OPTIONS": NO_REVIEW_METHOD}),
    # Nothing was decided, and the form has no claim in it.
    Entry(
        "review:undo review:alarm",
        {"POST": "SSS UCCRR UR SSS", "GET HEAD PUT DELETE OPTIONS": NO_REVIEW_METHOD},
    ),
    Entry("review:decide", {"POST": "SSS UFCRR UR SSS", "GET HEAD PUT DELETE OPTIONS": NO_REVIEW_METHOD}),
    # For whoever reads the audit.
    Entry("review:log", {"GET": "SSS URORO UO SSS", "HEAD POST PUT DELETE OPTIONS": NO_REVIEW_METHOD}),
    Entry(
        "review:log_search review:log_check",
        {"POST": "SSS UR>R> U> SSS", "GET HEAD PUT DELETE OPTIONS": NO_REVIEW_METHOD},
    ),
    Entry("review:log_export", {"POST": "SSS URORO UO SSS", "GET HEAD PUT DELETE OPTIONS": NO_REVIEW_METHOD}),
    # For leads; the photo waits for no lead.
    Entry("review:lead", {"GET": "SSS URORR UO SSS", "HEAD POST PUT DELETE OPTIONS": NO_REVIEW_METHOD}),
    Entry("review:assign", {"POST": "SSS URCRR UC SSS", "GET HEAD PUT DELETE OPTIONS": NO_REVIEW_METHOD}),
    Entry("review:take", {"POST": "SSS URCRR UR SSS", "GET HEAD PUT DELETE OPTIONS": NO_REVIEW_METHOD}),
    # One's own account: open before there is a second factor.
    Entry("account_login", {"GET HEAD POST PUT OPTIONS": "OOO U>>>> U> OOO", "DELETE": "MMM U>>>> U> MMM"}),
    Entry("mfa_authenticate", {ALL: ">>> >>>>> >> >>>"}),
    Entry(
        "account_logout",
        {
            SAFE: ">>> OOOOO OO >>>",
            "POST": ">>> >>>>> >> >>>",
            "OPTIONS": ALL_OPEN,
            "PUT DELETE": NO_METHOD,
        },
    ),
    Entry(
        "account_change_password account_reauthenticate mfa_add_webauthn",
        {"GET HEAD POST PUT OPTIONS": OWN_ACCOUNT, "DELETE": NO_STAFF_METHOD},
    ),
    Entry("mfa_index mfa_list_webauthn", {READ: OWN_ACCOUNT, "POST PUT DELETE": NO_STAFF_METHOD}),
    Entry(
        "mfa_reauthenticate", {"GET HEAD POST PUT OPTIONS": "SSS AOOOO AO SSS", "DELETE": "SSS AMMMM AM SSS"}
    ),
    Entry("mfa_reauthenticate_webauthn", {ALL: "SSS AAAAA AA SSS"}),
    Entry(
        "mfa_activate_totp", {"GET HEAD POST PUT OPTIONS": "SSS O>>>> O> SSS", "DELETE": "SSS M>>>> M> SSS"}
    ),
    Entry(
        "mfa_deactivate_totp",
        {READ: "SSS NOOOO NO SSS", "POST PUT": "SSS N>>>> N> SSS", "DELETE": "SSS NMMMM NM SSS"},
    ),
    Entry(
        "mfa_generate_recovery_codes",
        {READ: OWN_ACCOUNT, "POST PUT": "SSS O>>>> O> SSS", "DELETE": NO_STAFF_METHOD},
    ),
    # Nobody has recovery codes here, and the security key in the address is another person's.
    Entry(
        "mfa_view_recovery_codes",
        {SAFE: "SSS NNNNN NN SSS", "POST PUT DELETE": NO_STAFF_METHOD, "OPTIONS": OWN_ACCOUNT},
    ),
    Entry("mfa_download_recovery_codes", {ALL: "SSS NNNNN NN SSS"}),
    Entry(
        "mfa_remove_webauthn",
        {"GET HEAD POST DELETE": "SSS NNNNN NN SSS", "PUT": NO_STAFF_METHOD, "OPTIONS": OWN_ACCOUNT},
    ),
    Entry(
        "mfa_edit_webauthn",
        {"GET HEAD POST PUT": "SSS NNNNN NN SSS", "DELETE": NO_STAFF_METHOD, "OPTIONS": OWN_ACCOUNT},
    ),
    # The admin: partners for the partner manager, the rest for superusers only, photos for nobody.
    Entry("admin/login/ admin:login admin/password_change/ admin:password_change", {ALL: "SSS U>>>> U> SSS"}),
    Entry(
        "admin:logout",
        {
            "GET HEAD PUT DELETE": "SSS U>>MM UM SSS",
            "POST": "SSS U>>>> U> SSS",
            "OPTIONS": "SSS U>>OO UO SSS",
        },
    ),
    Entry(
        "admin:index admin:matching_partner_changelist admin:matching_partner_history",
        {ALL: ADMIN},
    ),
    Entry("admin:matching_partner_add", {ALL: PARTNERS}),
    Entry("admin:matching_partner_change", {"GET HEAD PUT DELETE OPTIONS": ADMIN, "POST": PARTNERS}),
    Entry(
        "admin:matching_partner_health",
        {"GET": ADMIN, "HEAD POST PUT DELETE OPTIONS": NO_ADMIN_METHOD},
    ),
    # The partner is live: nothing but a pause can be asked for, anything else leads back with a sentence.
    Entry(
        "admin:matching_partner_propose admin:matching_partner_decline admin:matching_partner_approve"
        " admin:matching_partner_resume",
        {"GET POST": PARTNER_STEP, "HEAD PUT DELETE OPTIONS": NO_ADMIN_METHOD},
    ),
    Entry(
        "admin:matching_partner_pause",
        {"GET": PARTNERS, "POST": PARTNER_STEP, "HEAD PUT DELETE OPTIONS": NO_ADMIN_METHOD},
    ),
    Entry("admin:password_change_done admin:jsi18n", {READ: ADMIN, "POST PUT DELETE": NO_ADMIN_METHOD}),
    Entry("admin:autocomplete", {SAFE: NO_ADMIN_MAY, "POST PUT DELETE": NO_ADMIN_METHOD, "OPTIONS": ADMIN}),
    Entry("admin:view_on_site admin/(?P<url>.*)$", {ALL: NOT_THERE}),
    Entry("admin:app_list", {ALL: "SSS USSNO UO SSS"}),
    Entry(
        "admin:matching_partner_issue_key",
        {"GET POST": PARTNERS, "HEAD PUT DELETE OPTIONS": NO_ADMIN_METHOD},
    ),
    Entry(
        "admin:matching_partner_revoke_key",
        {"GET": PARTNERS, "POST": PARTNER_STEP, "HEAD PUT DELETE OPTIONS": NO_ADMIN_METHOD},
    ),
    # Only the published version is there: there is no draft to publish or to discard.
    Entry(
        "admin:review_termsversion_draft",
        {"POST": "SSS USSRR U> SSS", "GET HEAD PUT DELETE OPTIONS": NO_ADMIN_METHOD},
    ),
    Entry(
        "admin:review_termsversion_publish admin:review_termsversion_discard",
        {"GET POST": "SSS USSRR UN SSS", "HEAD PUT DELETE OPTIONS": NO_ADMIN_METHOD},
    ),
    Entry(
        "admin:matching_partner_delete admin:review_auditentry_add admin:review_auditentry_delete"
        " admin:review_termsversion_add admin:review_termsversion_delete",
        {ALL: NO_ADMIN_MAY},
    ),
    Entry(
        "admin/matching/partner/<path:object_id>/ admin/review/auditentry/<path:object_id>/"
        " admin/review/termsversion/<path:object_id>/ admin/auth/group/<path:object_id>/"
        " admin/auth/user/<path:object_id>/",
        {ALL: "SSS USS>> U> SSS"},
    ),
    Entry(
        "admin:matching_heartbeat_changelist",
        {"GET": SUPERUSER, "HEAD POST PUT DELETE OPTIONS": NO_ADMIN_METHOD},
    ),
    Entry(
        "admin:review_auditentry_changelist admin:review_auditentry_history"
        " admin:review_termsversion_changelist admin:review_termsversion_history",
        {ALL: AUDIT},
    ),
    Entry(
        "admin:auth_group_changelist admin:auth_group_add admin:auth_group_history admin:auth_group_delete"
        " admin:auth_group_change admin:auth_user_password_change admin:auth_user_changelist"
        " admin:auth_user_add admin:auth_user_history admin:auth_user_delete admin:auth_user_change",
        {ALL: SUPERUSER},
    ),
    Entry(
        "admin:review_auditentry_change admin:review_termsversion_change",
        {"GET HEAD PUT DELETE OPTIONS": AUDIT, "POST": NO_ADMIN_MAY},
    ),
)


def expected(entries: tuple[Entry, ...] = ENTRIES) -> Iterator[tuple[str, str, str]]:
    """Every (address, method, letters without spaces) of the table."""
    for entry in entries:
        for methods, letters in entry.answers.items():
            for name in entry.names.split():
                for method in methods.split():
                    yield name, method, letters.replace(" ", "")
