"""The first protection terms. Later wordings are new versions; this text is never edited."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.utils import timezone

TITLE = "Protection terms"
PREAMBLE = """\
We protect intimate pictures of real people that are shared, or that somebody threatens to share, without \
the consent of the person in them.

You see a covered photo, and that is all anyone needs. Judge what is visible together with the place and \
the shape of the cover: is it likely that an intimate picture of a person lies beneath? Never ask for \
less cover.

About consent, believe the person who sends the photo, unless the picture itself says otherwise. About the \
content, believe the picture: a list of pictures that are not intimate would silence others and protect \
nobody.

Age, body, gender, work, fame, and what the person once agreed to make no difference. Someone who agreed to a \
photo being taken has not agreed to it being shared."""

PROTECTED = {
    "P1": "The photo shows a person naked, partly naked, or in underwear or see-through clothing in a way "
    "that shows intimate parts of the body; the cover hides them.",
    "P2": "The photo shows a person taking part in a sexual act, alone or with others.",
    "P3": "The photo shows a person in a situation in which nobody expects to be photographed: undressing, "
    "bathing, using a toilet, being examined, or seen under their clothes.",
    "P4": "The photo appears to have been made or altered by software so that a real person is shown as in "
    "P1, P2 or P3.",
    "P5": "The photo shows a person without the religious or cultural clothing that they wear in front of "
    "others, so that sharing it exposes them in the same way.",
}
NOT_PROTECTED = {
    "N1": "In what is visible, nothing points to intimate content: the picture and the place of the cover "
    "show an everyday situation.",
    "N2": "No real person is in the photo: for example a drawing, a figure, an animal, a thing or a place.",
    "N3": "The picture evidently was made for the public or for sale: advertising, film, press, art, or a "
    "commercial production.",
    "N4": "The photo shows text or a screen, such as a chat, a letter or a profile page, and no intimate "
    "picture in it.",
    "N5": "The photo shows a public event or a matter of public interest, and the person in it is not "
    "shown intimately. A picture that is unpleasant, embarrassing or unwanted is not yet an intimate one.",
    "N6": "Too little of the photo is visible to tell what it shows.",
    "N7": "The person in the photo appears to be under 18. Such photos need a service that is made for "
    "them, such as Take It Down or Report Remove, and must not be kept here.",
}


NEEDS_COVERING = {
    "C1": "A face can be seen, whole or in part, or in a mirror.",
    "C2": "Private parts of a body can be seen.",
    "C3": "Something else tells who the person is: a name, a tattoo, an address, or another person.",
}
# Where the cover alone says little about what lies beneath, one person's word is not enough.
TWO_PERSON = {"P4", "P5"}


def create_terms(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    versions = apps.get_model("review", "TermsVersion").objects
    fields = {"title": TITLE, "preamble": PREAMBLE, "published_at": timezone.now()}
    terms, created = versions.get_or_create(number=1, defaults=fields)
    if not created:
        return
    clauses = apps.get_model("review", "Clause").objects
    sides = {"covered": PROTECTED, "not_covered": NOT_PROTECTED, "needs_covering": NEEDS_COVERING}
    for outcome, texts in sides.items():
        for code, text in texts.items():
            clauses.create(
                terms=terms, code=code, outcome=outcome, text=text, two_person=code in TWO_PERSON
            )


class Migration(migrations.Migration):
    dependencies = [("review", "0003_roles")]
    # Backwards the terms stay: decisions rest on them.
    operations = [migrations.RunPython(create_terms, migrations.RunPython.noop)]
