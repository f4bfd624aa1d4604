#!/bin/sh
# Before the others start: the schema, the bucket, the first administrator. Each is done once; running it again changes nothing.
set -eu
caseforge db migrate
python3 -c 'import os, s3fs; s3fs.S3FileSystem().makedirs(os.environ["CASEFORGE_BUCKET"], exist_ok=True)'
if [ "$(caseforge users list --json)" = "[]" ]; then
    caseforge users add admin --role admin < /run/secrets/admin_password
fi
