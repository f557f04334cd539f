-- want: declares one check
check { summary = 'one', run = function() end }
return check { summary = 'two', run = function() end }
