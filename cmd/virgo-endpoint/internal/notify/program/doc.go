// Package program hands notifications to a program of the owner.
package program
