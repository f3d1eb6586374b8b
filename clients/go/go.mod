module discue

go 1.24
