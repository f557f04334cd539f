package remote

// echoNeeds is the status where no echo can be sent.
const echoNeeds = "ping needs an administrator's rights on this system"
