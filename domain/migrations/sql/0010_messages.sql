-- Templates, journeys, and what was sent.
SELECT 1;
