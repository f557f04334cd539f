// Package alarm says what an alarm is: rules, their expressions, and the states that they lead to. Agents and endpoints
// judge with it alike. It stores, sends and reads nothing: values and times come in, a state and a text go out.
package alarm
