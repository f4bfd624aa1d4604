"""Keeps secrets out of every text that leaves the process: messages, logs, what is stored, exported or sent to people.

`known` masks the values that this process was given as secrets, however they are written; `messages` masks what looks like a secret as
well, whoever's it is; `addresses` shows URLs without their logins; `guard` sees to logs and tracebacks. Which values are secret is said by `settings.secrets` alone.
"""

from caseforge_assets.redaction.addresses import login_of as login_of
from caseforge_assets.redaction.addresses import shown_database as shown_database
from caseforge_assets.redaction.addresses import without_login as without_login
from caseforge_assets.redaction.guard import RedactingFilter as RedactingFilter
from caseforge_assets.redaction.guard import guard_process as guard_process
from caseforge_assets.redaction.known import MASK as MASK
from caseforge_assets.redaction.known import digest_of as digest_of
from caseforge_assets.redaction.known import is_masked_everywhere as is_masked_everywhere
from caseforge_assets.redaction.known import know_secrets as know_secrets
from caseforge_assets.redaction.known import mask_bytes as mask_bytes
from caseforge_assets.redaction.known import mask_stream as mask_stream
from caseforge_assets.redaction.known import mask_values as mask_values
from caseforge_assets.redaction.messages import redact as redact
from caseforge_assets.redaction.messages import redact_file as redact_file
from caseforge_assets.redaction.messages import redact_object as redact_object
