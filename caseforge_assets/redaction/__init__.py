"""Keeps secrets out of every text that leaves the process: messages, logs, what is stored, exported or sent to people.

`masks` masks the values that this process was given as secrets, however they are written, and what looks like a secret as well, whoever's it is; `forms` are the ways
in which a value is written; `addresses` shows URLs without their logins; `guard` sees to logs and tracebacks. Which values are secret is said by `settings.secrets` alone.
"""

from caseforge_assets.redaction.addresses import login_of as login_of
from caseforge_assets.redaction.addresses import shown_database as shown_database
from caseforge_assets.redaction.addresses import without_login as without_login
from caseforge_assets.redaction.guard import RedactingFilter as RedactingFilter
from caseforge_assets.redaction.guard import guard_process as guard_process
from caseforge_assets.redaction.masks import MASK as MASK
from caseforge_assets.redaction.masks import digest_of as digest_of
from caseforge_assets.redaction.masks import is_masked_everywhere as is_masked_everywhere
from caseforge_assets.redaction.masks import know_secrets as know_secrets
from caseforge_assets.redaction.masks import mask_bytes as mask_bytes
from caseforge_assets.redaction.masks import mask_parts as mask_parts
from caseforge_assets.redaction.masks import mask_stream as mask_stream
from caseforge_assets.redaction.masks import mask_values as mask_values
from caseforge_assets.redaction.masks import redact as redact
from caseforge_assets.redaction.masks import redact_file as redact_file
from caseforge_assets.redaction.masks import redact_object as redact_object
