package config

// nearest gives the known key that differs from a misspelt one the least, if it is near.
func nearest(key string) string {
	best, least := "", 3
	for _, k := range [...]string{
		"endpoint", "endpoints", "token", "agent_id", "agent_name", "pin", "ca_file", "server_name", "spool",
		"max_bytes", "max_age", "deadline", "concurrency", "schedule_max_age",
	} {
		if d := distance(key, k); d < least {
			best, least = k, d
		}
	}
	return best
}

// distance is Levenshtein's.
func distance(a, b string) int {
	if len(a) > maxIDBytes {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
