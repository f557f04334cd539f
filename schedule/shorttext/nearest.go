package shorttext

import "strings"

// maxNearBytes bounds the words that are compared: a longer one is not a typing error.
const maxNearBytes = 64

// Nearest returns the known name that a mistyped word most likely means; empty if none is similar.
// At most a third of the letters of the name may be wrong; case, "-" and "_" are ignored.
func Nearest(word string, known []string) string {
	if len(word) > maxNearBytes {
		return ""
	}
	word = fold(word)
	best, bestAt := "", 0
	for _, k := range known {
		f := fold(k)
		d := distance(word, f)
		if d*3 > max(len(f), 3) {
			continue
		}
		if best == "" || d < bestAt {
			best, bestAt = k, d
		}
	}
	return best
}

// fold removes the differences that Nearest ignores.
func fold(s string) string {
	return strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(s))
}

// distance returns the number of insertions, deletions, substitutions and transpositions between a
// and b (optimal string alignment).
func distance(a, b string) int {
	before, row, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row, next = row, next, before
	}
	return row[len(b)]
}
