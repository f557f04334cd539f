// Package fleettest fills a store with the results of simulated hosts, for tests.
package fleettest
