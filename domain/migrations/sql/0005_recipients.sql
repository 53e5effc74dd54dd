-- What recipients meet: how an account's pages look, and what their links say.
SELECT 1;
