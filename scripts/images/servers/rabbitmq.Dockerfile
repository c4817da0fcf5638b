# A stand-in for the image rabbitmq with the management page: RabbitMQ from Debian's package.
ARG BASE
FROM ${BASE}
ENV PATH=/usr/lib/rabbitmq/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME=/var/lib/rabbitmq
COPY rabbitmq.entry.sh /entry.sh
VOLUME /var/lib/rabbitmq
EXPOSE 5672 15672
ENTRYPOINT ["sh", "/entry.sh"]
