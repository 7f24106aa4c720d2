<?php
// Queries as PHP reads them. A JSON list of queries comes in on standard input; an object
// goes out: the reader's name, with what it made of each query.
$read = function (string $query): object {
    parse_str($query, $params);
    return (object) $params;
};
$queries = json_decode(stream_get_contents(STDIN));
// JSON cannot hold bytes that are not text.
echo json_encode(["PHP" => array_map($read, $queries)], JSON_INVALID_UTF8_SUBSTITUTE);
