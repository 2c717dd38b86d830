-- Lines that no pattern takes, whole: their time is the time of loading.
CREATE TABLE reject (
    reason TEXT COLLATE NOCASE, -- why it is no row of another table
    byte INTEGER, -- where it starts in the file (after decompression), from 0
    piece INTEGER -- NULL for a whole line; 1, 2 ... for the parts of one that is too long or was continued
);
