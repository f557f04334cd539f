// Package criteria translates the criteria language of the existing agent's endpoint into expressions of package alarm.
package criteria
