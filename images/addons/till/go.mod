module farholm.dev/till

go 1.24
