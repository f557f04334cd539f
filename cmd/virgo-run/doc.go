// Command virgo-run makes one run: it runs the checks that are due, stores the results on disk,
// delivers them to an endpoint and exits. It is what timers start, once a minute on every host, and
// therefore links less than virgo; `virgo run` does the same.
//
// What it cannot do it leaves to the virgo beside it (package agent, "Handing over"). A command line
// that it does not understand completely is virgo's, so both accept the same ones, with the same
// errors. Without virgo, it runs the checks of the host and plugins, with plain YAML.
package main
