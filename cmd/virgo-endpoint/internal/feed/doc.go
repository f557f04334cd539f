// Package feed reads new results once for everybody who follows them: alarms, outputs, the page.
package feed
