-- Whether a redelivery makes due what is not. Those that are under way were begun when all of them did.
alter table redeliveries add column immediately integer not null default 1;
