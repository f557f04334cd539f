// Package admin changes what the API and the commands ask for: it validates, records and does each change once.
package admin
