-- What the values of dimensions are called that no list names.
CREATE TABLE names (
    dimension text COLLATE "C" NOT NULL,
    code text COLLATE "C" NOT NULL,
    name text NOT NULL,
    PRIMARY KEY (dimension, code)
);
