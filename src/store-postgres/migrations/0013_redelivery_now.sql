-- Whether a redelivery makes due what is not. Those that are under way were begun when all of them did, as are those of nodes
-- of an older version, which do not say.
alter table discue.redeliveries add column immediately boolean not null default true;
