// Package browsertest opens pages in a headless Chromium, for tests. One [Browser] serves all pages of a test: it takes
// a second to start. A page fails its test if it reports to the console, breaks its Content-Security-Policy, or
// asks any other host for anything.
package browsertest
