module discue

go 1.25
