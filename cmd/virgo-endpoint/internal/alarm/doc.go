// Package alarm judges new results and silent hosts by rules, keeps the states, and says what changed.
package alarm
