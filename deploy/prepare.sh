#!/bin/sh
# Makes .env and random secrets beside compose.yaml, once: what is there already stays as it is. Then: docker compose up --detach --wait
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets/caseforge secrets/servers
chmod 755 secrets/caseforge # containers read it as another user; the folder above keeps everybody else out

random() { LC_ALL=C tr -dc 'A-Za-z0-9' < /dev/urandom | head -c "$1"; }
keep() { # file, content: written where it is not there yet
    [ -e "secrets/$1" ] || printf '%s' "$2" > "secrets/$1"
}

keep servers/postgres_password "$(random 32)"
keep servers/s3_key "$(random 20)"
keep servers/s3_secret "$(random 40)"
key=$(cat secrets/servers/s3_key) secret=$(cat secrets/servers/s3_secret)
keep servers/s3.json "{\"identities\": [{\"name\": \"caseforge\", \"credentials\": [{\"accessKey\": \"$key\", \"secretKey\": \"$secret\"}], \"actions\": [\"Admin\", \"Read\", \"Write\", \"List\", \"Tagging\"]}]}"
keep caseforge/aws_credentials "[default]
aws_access_key_id = $key
aws_secret_access_key = $secret
"
keep caseforge/postgres_url "postgresql://caseforge:$(cat secrets/servers/postgres_password)@postgres:5432/caseforge"
keep caseforge/service_secret "$(random 48)"
keep caseforge/admin_password "$(random 24)"
keep caseforge/openai_api_key ""
chmod 444 secrets/caseforge/*

if [ ! -e .env ]; then
    sed "s#^CASEFORGE_FOLDER=.*#CASEFORGE_FOLDER=$(pwd)#" .env.example > .env
fi
echo "secrets/ and .env are there. What is left for you: the provider's key in secrets/caseforge/openai_api_key (chmod 444), names and budget in .env."
echo "The first administrator of the portal is admin, with the password in secrets/caseforge/admin_password."
