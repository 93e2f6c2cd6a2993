-- When an asset may be probed, as model::scan_window writes it; NULL for at any time.
ALTER TABLE assets ADD COLUMN scan_window TEXT;
