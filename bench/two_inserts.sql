\set id random(1, 4000000000000000000)
BEGIN;
INSERT INTO one (id, body) VALUES (:id, decode(repeat('ab', 300), 'hex'));
INSERT INTO two (id, about, body) VALUES (:id, :id, decode(repeat('ab', 80), 'hex'));
COMMIT;
