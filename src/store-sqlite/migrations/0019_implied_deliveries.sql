-- From which message on pending deliveries may have no row; empty where all have one.
insert into notes (name, value) values ('implied_since', '');
