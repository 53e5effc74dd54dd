-- Mail on its way out, requests for confirmation, and sign-ups.
SELECT 1;
