-- The one user that the wire contract promises; the hash is bcrypt, cost 10, of "password123".
INSERT INTO users (email, password, first_name, last_name)
VALUES (
    'admin@example.com',
    '$2b$10$LgMc1wdiB6xEvyRzecpGDuaysPycoanUCDW6BaUgkjnNpHkU1gqje',
    'Admin',
    'User'
)
ON CONFLICT DO NOTHING;
