set -eu
data=/var/lib/postgresql/data/cluster
if ! [ -s "$data/PG_VERSION" ]; then
    printf '%s\n' "$POSTGRES_PASSWORD" > /tmp/password
    initdb --pgdata="$data" --username="$POSTGRES_USER" --pwfile=/tmp/password --auth-host=scram-sha-256 \
        --encoding=UTF8 --locale=C.UTF-8 > /tmp/initdb
    rm /tmp/password
    echo "host all all all scram-sha-256" >> "$data/pg_hba.conf"
    echo "create database $POSTGRES_DB" | postgres --single -D "$data" postgres > /tmp/created
fi
exec postgres -D "$data" -c listen_addresses='*'
