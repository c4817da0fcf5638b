# A stand-in for the image postgres: PostgreSQL from Debian's package.
ARG BASE
FROM ${BASE}
ENV PGDATA=/var/lib/postgresql/data PATH=/usr/lib/postgresql/15/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
COPY postgres.entry.sh /entry.sh
VOLUME /var/lib/postgresql/data
EXPOSE 5432
# Fast shutdown; SIGTERM would wait for clients to leave by themselves.
STOPSIGNAL SIGINT
ENTRYPOINT ["sh", "/entry.sh"]
