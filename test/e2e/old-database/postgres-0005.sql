insert into api_keys (organization_id, id, name, digest, prefix, status, scopes, owner, revision, created_at, updated_at, last_used_at) values ('00VcTJhKZ9WwNWH6jG61M', '00VcTJhmtfX335ZVwsLv1', NULL, 'c947223b5c35333a802ba5199203fa7b08968a7980cd31e16f52fae3622a18a9', '7h4', 'enabled', NULL, 'false', '1', '1796053561004', '1796053561004', NULL);
insert into api_keys (organization_id, id, name, digest, prefix, status, scopes, owner, revision, created_at, updated_at, last_used_at) values ('00VcTJhKZ9WwNWH6jG61M', '00VcTJhKZdtFd2jJTZIoP', 'root', 'defc723a7165350d322f95c688a3af98f0b6d7d8927112ec2c0031c46d162dd7', 'tes', 'enabled', NULL, 'true', '1', '1796053559263', '1796053559263', '1796053560578');
insert into api_keys (organization_id, id, name, digest, prefix, status, scopes, owner, revision, created_at, updated_at, last_used_at) values ('00VcTJhKZ9WwNWH6jG61M', '00VcTJhpC32PQJFnm8xhV', 'named', '1a8503ee042aab5ec66796c69cc8eaa803465fdc2cf59469c2256624cacbbc72', '2Ve', 'enabled', '[{"resource":"queues","access":"read","targets":["*"]}]', 'false', '1', '1796053561162', '1796053561162', NULL);
insert into attempts (organization_id, sequence, listener_id, number, started_at, duration_ms, status, error, response) values ('00VcTJhKZ9WwNWH6jG61M', '2', '00VcTJiB4X3G7TtJ7U5VS', '1', '1796053563059', '398', '200', NULL, '');
insert into attempts (organization_id, sequence, listener_id, number, started_at, duration_ms, status, error, response) values ('00VcTJhKZ9WwNWH6jG61M', '2', '00VcTJiEel0Wx5bKjXKeW', '1', '1796053564169', '297', '200', NULL, '');
insert into attempts (organization_id, sequence, listener_id, number, started_at, duration_ms, status, error, response) values ('00VcTJhKZ9WwNWH6jG61M', '3', '00VcTJiB4X3G7TtJ7U5VS', '1', '1796053564686', '438', '200', NULL, '');
insert into audiences (organization_id, queue_id, version, first_sequence, listener_ids) values ('00VcTJhKZ9WwNWH6jG61M', '00VcTJhsaHBOwtT2DosQV', '1', '1', '{}');
insert into audiences (organization_id, queue_id, version, first_sequence, listener_ids) values ('00VcTJhKZ9WwNWH6jG61M', '00VcTJi2examhKmIqaEpT', '3', '2', '{00VcTJiB4X3G7TtJ7U5VS,00VcTJiEel0Wx5bKjXKeW}');
insert into deliveries (organization_id, listener_id, due_at, sequence, attempts, attempts_before, first_sent_at, moved, pulled_at, lease_node, lease) values ('00VcTJhKZ9WwNWH6jG61M', '00VcTJiB4X3G7TtJ7U5VS', '1796053565214', '4', '0', '0', NULL, 'false', NULL, NULL, NULL);
insert into deliveries (organization_id, listener_id, due_at, sequence, attempts, attempts_before, first_sent_at, moved, pulled_at, lease_node, lease) values ('00VcTJhKZ9WwNWH6jG61M', '00VcTJiB4X3G7TtJ7U5VS', '1796057165355', '5', '0', '0', NULL, 'false', NULL, NULL, NULL);
insert into event_segments (organization_id, category, stored_at, segment, entries, events) values ('00VcTJhKZ9WwNWH6jG61M', 'api_keys', '1796053561004', '1', '+00VcTJhmtfX335ZVwsLv1
', '1');
insert into event_segments (organization_id, category, stored_at, segment, entries, events) values ('00VcTJhKZ9WwNWH6jG61M', 'api_keys', '1796053561162', '2', '+00VcTJhpC32PQJFnm8xhVnamed
', '1');
insert into event_segments (organization_id, category, stored_at, segment, entries, events) values ('00VcTJhKZ9WwNWH6jG61M', 'queues', '1796053561372', '3', '+00VcTJhsaHBOwtT2DosQVlonely
', '1');
insert into event_segments (organization_id, category, stored_at, segment, entries, events) values ('00VcTJhKZ9WwNWH6jG61M', 'messages', '1796053561774', '4', '00VcTJhsaHBOwtT2DosQV
+00VcTJhz0wjkkoMC0qjnQ
', '1');
insert into event_segments (organization_id, category, stored_at, segment, entries, events) values ('00VcTJhKZ9WwNWH6jG61M', 'queues', '1796053561996', '5', '+00VcTJi2examhKmIqaEpTorders
', '1');
insert into event_segments (organization_id, category, stored_at, segment, entries, events) values ('00VcTJhKZ9WwNWH6jG61M', 'listeners', '1796053562518', '6', '00VcTJi2examhKmIqaEpT
+00VcTJiB4X3G7TtJ7U5VSshop
', '1');
insert into event_segments (organization_id, category, stored_at, segment, entries, events) values ('00VcTJhKZ9WwNWH6jG61M', 'listeners', '1796053562740', '7', '00VcTJi2examhKmIqaEpT
+00VcTJiEel0Wx5bKjXKeWgone
', '1');
insert into event_segments (organization_id, category, stored_at, segment, entries, events) values ('00VcTJhKZ9WwNWH6jG61M', 'messages', '1796053562906', '8', '00VcTJi2examhKmIqaEpT
+00VcTJiHKUrnw4xeasgz2both
', '1');
insert into event_segments (organization_id, category, stored_at, segment, entries, events) values ('00VcTJhKZ9WwNWH6jG61M', 'messages', '1796053563457', '9', '00VcTJi2examhKmIqaEpT00VcTJiB4X3G7TtJ7U5VS
.1500VcTJiHKUrnw4xeasgz2both
', '1');
insert into event_segments (organization_id, category, stored_at, segment, entries, events) values ('00VcTJhKZ9WwNWH6jG61M', 'messages', '1796053564466', '10', '00VcTJi2examhKmIqaEpT00VcTJiEel0Wx5bKjXKeW
.1G00VcTJiHKUrnw4xeasgz2both
', '1');
insert into event_segments (organization_id, category, stored_at, segment, entries, events) values ('00VcTJhKZ9WwNWH6jG61M', 'messages', '1796053564564', '11', '00VcTJi2examhKmIqaEpT
+00VcTJii45PsSg3HoAsOZhalf
', '1');
insert into event_segments (organization_id, category, stored_at, segment, entries, events) values ('00VcTJhKZ9WwNWH6jG61M', 'messages', '1796053565124', '12', '00VcTJi2examhKmIqaEpT00VcTJiB4X3G7TtJ7U5VS
.1500VcTJii45PsSg3HoAsOZhalf
', '1');
insert into event_segments (organization_id, category, stored_at, segment, entries, events) values ('00VcTJhKZ9WwNWH6jG61M', 'messages', '1796053565215', '13', '00VcTJi2examhKmIqaEpT
+00VcTJisYvouCOGjflx0S
', '1');
insert into event_segments (organization_id, category, stored_at, segment, entries, events) values ('00VcTJhKZ9WwNWH6jG61M', 'messages', '1796053565355', '14', '00VcTJi2examhKmIqaEpT
+00VcTJiupJvQ0AwusRKYLlater
', '1');
insert into event_segments (organization_id, category, stored_at, segment, entries, events) values ('00VcTJhKZ9WwNWH6jG61M', 'listeners', '1796053565423', '15', '00VcTJi2examhKmIqaEpT
-00VcTJiEel0Wx5bKjXKeWgone
', '1');
insert into listener_figures (organization_id, listener_id, pending, acknowledged, missed, last_success_at, last_failure_at) values ('00VcTJhKZ9WwNWH6jG61M', '00VcTJiB4X3G7TtJ7U5VS', '2', '2', '0', '1796053565124', NULL);
insert into listeners (organization_id, id, queue_id, name, notify_url, liveness_url, secret, retired_secrets, secret_expires_at, settings, revision, created_at, updated_at) values ('00VcTJhKZ9WwNWH6jG61M', '00VcTJiB4X3G7TtJ7U5VS', '00VcTJi2examhKmIqaEpT', 'shop', NULL, NULL, 'whsec_NkqLLnAYK7v4tyDD2TK6bhOing2L9NDV', '[]', NULL, '{"retry":{"maxAttempts":16,"initialDelayMs":1000,"maxDelayMs":28800000,"multiplier":4},"timeoutMs":15000,"maxConcurrency":64,"status":"enabled","rateLimit":null,"ordering":"none","onMissed":"continue","headers":{}}', '1', '1796053562518', '1796053562518');
insert into messages (organization_id, queue_id, id, sequence, name, key, data, created_at, deliver_at, audience, revision) values ('00VcTJhKZ9WwNWH6jG61M', '00VcTJhsaHBOwtT2DosQV', '00VcTJhz0wjkkoMC0qjnQ', '1', NULL, NULL, 'no listener', '1796053561770', '1796053561770', '1', '1');
insert into messages (organization_id, queue_id, id, sequence, name, key, data, created_at, deliver_at, audience, revision) values ('00VcTJhKZ9WwNWH6jG61M', '00VcTJi2examhKmIqaEpT', '00VcTJiHKUrnw4xeasgz2', '2', 'both', NULL, 'both', '1796053562906', '1796053562906', '3', '1');
insert into messages (organization_id, queue_id, id, sequence, name, key, data, created_at, deliver_at, audience, revision) values ('00VcTJhKZ9WwNWH6jG61M', '00VcTJi2examhKmIqaEpT', '00VcTJii45PsSg3HoAsOZ', '3', 'half', NULL, 'one of them', '1796053564564', '1796053564564', '3', '1');
insert into messages (organization_id, queue_id, id, sequence, name, key, data, created_at, deliver_at, audience, revision) values ('00VcTJhKZ9WwNWH6jG61M', '00VcTJi2examhKmIqaEpT', '00VcTJisYvouCOGjflx0S', '4', NULL, NULL, 'waits', '1796053565214', '1796053565214', '3', '1');
insert into messages (organization_id, queue_id, id, sequence, name, key, data, created_at, deliver_at, audience, revision) values ('00VcTJhKZ9WwNWH6jG61M', '00VcTJi2examhKmIqaEpT', '00VcTJiupJvQ0AwusRKYL', '5', 'later', NULL, 'later', '1796053565355', '1796057165355', '3', '1');
insert into notes (name, value) values ('root_key_shown', 'yes');
insert into notes (name, value) values ('pinged', 'yes');
insert into organizations (id, name, root, status, limits, revision, created_at, updated_at) values ('00VcTJhKZ9WwNWH6jG61M', 'root', 'true', 'active', '{"queues":null,"listeners":null,"apiKeys":null,"schedules":null,"storedMessages":null,"messagesPerDay":null,"requestsPerMinute":null}', '1', '1796053559263', '1796053559263');
insert into queues (organization_id, id, name, schema, schema_id, paused, version, created_at, updated_at) values ('00VcTJhKZ9WwNWH6jG61M', '00VcTJhsaHBOwtT2DosQV', 'lonely', NULL, NULL, 'false', '1', '1796053561372', '1796053561372');
insert into queues (organization_id, id, name, schema, schema_id, paused, version, created_at, updated_at) values ('00VcTJhKZ9WwNWH6jG61M', '00VcTJi2examhKmIqaEpT', 'orders', NULL, NULL, 'false', '4', '1796053561996', '1796053561996');
insert into removed_listeners (organization_id, id, queue_id, name, removed_at) values ('00VcTJhKZ9WwNWH6jG61M', '00VcTJiEel0Wx5bKjXKeW', '00VcTJi2examhKmIqaEpT', 'gone', '1796053565423');
select setval('message_sequence', 5);
select setval('usage_changes_number_seq', 16);
select setval('event_segment', 15);
