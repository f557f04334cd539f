// Command virgo-endpoint receives results from virgo: it sends schedules to agents, stores their
// results and shows them. Each command has a file of its own. Below internal, package server receives
// results, package store stores and imports them, both by the rules of package intake, and package
// folder manages the endpoint's folder.
package main
