-- Endpoints that are told what changed, and how far each was told.
SELECT 1;
