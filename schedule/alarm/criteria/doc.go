// Package criteria translates the alarm criteria of an older monitoring service into expressions of
// package alarm, so that checks which have them keep their alarms:
//
//	if (percentage(metric['used'], metric['total']) > 90) { return new AlarmStatus(CRITICAL, 'disk #{used}'); }
//
// becomes the condition percent(last("used"), last("total")) > 90 that leads to CRITICAL with the message
// "disk {last.used}". The grammar, with comments from # to the end of the line and between /* and */:
//
//	criteria = { setting } { rule | return [ ";" ] } .
//	setting  = ":set" name "=" value .
//	rule     = [ "else" ] "if" "(" or ")" "{" return [ ";" ] "}" | "else" "{" return [ ";" ] "}" .
//	return   = "return" [ "new" "AlarmStatus" "(" state [ "," string ] ")" | state [ "," string ] ] .
//	or       = and { "||" and } .
//	and      = condition { "&&" condition } .
//	condition = "(" or ")" | operand operator operand .
//	operator = "==" | "!=" | ">=" | "<=" | "<" | ">" | "regex" | "nregex" .
//	operand  = "metric" "[" string "]" | function "(" operand { "," operand } ")" | number | string .
//	function = "percentage" | "rate" | "previous" .
//
// The first rule that is true decides, and if none is, the state is OK. A check that is unavailable is
// CRITICAL, with its status as the text; a criteria text without rules says only that. Texts are compared
// where one side is a string, or where two metrics are compared for equality; a regular expression may
// match anywhere in a text.
//
// What is not in the grammar, or cannot be said by an expression, is a [Mistake] with its line. The text is
// hostile at worst: [MaxBytes], [MaxRules] and [MaxDepth] bound it, and the translation takes a time that is
// linear in its length.
package criteria
