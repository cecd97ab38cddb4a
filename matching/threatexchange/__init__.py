"""The feed for those who run Meta's threatexchange library already: ``tx``, and Hasher-Matcher-Actioner.

    pip install 'arc-moderation[threatexchange]'
    tx config extensions add matching.threatexchange

Nothing here imports Django, and nothing of theirs is changed.
"""

from threatexchange.extensions.manifest import ThreatExchangeExtensionManifest

from matching.threatexchange.exchange import ArcExchangeAPI
from matching.threatexchange.signal import ArcPhotoSignal

TX_MANIFEST = ThreatExchangeExtensionManifest(signal_types=(ArcPhotoSignal,), apis=(ArcExchangeAPI,))
