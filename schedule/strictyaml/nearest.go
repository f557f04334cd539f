package strictyaml

import "strings"

// maxNearBytes bounds the words that are compared: a longer one is no slip of the finger.
const maxNearBytes = 64

// Nearest gives the one of known that word was most likely meant to be; empty where none is near. Near is
// a third of its letters wrong at most, capitals and the signs - and _ aside.
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

func fold(s string) string {
	return strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(s))
}

// distance counts the insertions, deletions, replacements and swaps of neighbours between a and b
// (optimal string alignment).
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
