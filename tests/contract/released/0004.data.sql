-- What a worker of that release had left when it was killed between clear and set, while a plan waited for a person.
INSERT INTO alembic_version VALUES ('0004');
INSERT INTO portals VALUES ('4711001', 1772366400000), ('4711002', NULL);
INSERT INTO runs (portal_id, mode, state, started_at, finished_at, rulebook_version, summary, error) VALUES
    ('4711001', 'full', 'finished', 1772280000000, 1772280060000, 'default-1', '{"contacts_scored": 3}', ''),
    ('4711001', 'plan', 'finished', 1772280100000, 1772280160000, 'default-1', '{"contacts_changed": 1}', ''),
    ('4711002', 'full', 'failed', 1772290000000, 1772290001000, 'default-1', '{}', 'HubSpot could not be reached'),
    ('4711001', 'incremental', 'running', 1772370000000, NULL, 'default-1', '{}', '');
INSERT INTO changes VALUES
    (1, 1, '7', '{"lead_score": ""}', '{"lead_score": "5"}', false, NULL, NULL, false, false, true, '', 'done', '', 1772280050000, true),
    (2, 1, '8', '{"lead_score": "1"}', '{"lead_score": "2"}', false, NULL, NULL, false, false, true, '', 'planned', '', 1772280150000, false),
    (4, 1, '7', '{"lead_score": "5"}', '{"lead_score": "70"}', true, 'lead', 'salesqualifiedlead', true, false, false, '70 points', 'cleared', '', 1772370001000, true),
    (4, 2, '9', '{"lead_score": "3"}', '{"lead_score": "4"}', false, NULL, NULL, false, false, true, '', 'writing', '', 1772370002000, true);
INSERT INTO contacts VALUES
    ('4711001', '7', 1772270000000, true, 1, 'lead', 1772000000000, 'integration', 1772000000000, '77', 70),
    ('4711001', '8', NULL, false, 1, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO leases VALUES
    ('4711001', 'b0b', 3, 12, 'worker', 1772370000000, 'a-host-that-is-gone', 'pid:[1]', 77, '123'),
    ('4711002', NULL, 1, 4, 'resync', 1772290000000, 'a-host-that-is-gone', 'pid:[1]', 78, '124');
INSERT INTO feeds VALUES
    (1, '4711001', 'submissions', 'current', '["sent"]', 1772366000000, 1772370000000, '', false),
    (2, '4711001', 'meetings', 'stale', '["booked", "held"]', 1772280000000, 1772370000000, '403: the token lacks a scope', true);
INSERT INTO traces VALUES
    (1, 'f0-1::1772365000000', '@0011223344556677889900aa', 'sent', 1772365000000, 'Demo request', 'f0-1', NULL, '', '', 1),
    (2, '501:7', '7', 'booked', 1772279000000, 'Appointment', '501', 1772629200000, '', '', 0);
INSERT INTO links VALUES ('4711001', '@0011223344556677889900aa', '7');
INSERT INTO headings VALUES (1, '4711001', '{"facts": {"job_title": true, "phone": false}, "kinds": ["form", "visit"], "time_zone": "Europe/Berlin", "stages": ["subscriber", "lead", "customer"]}');
