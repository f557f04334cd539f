-- want: needed more than [0-9]+ instructions|computed for more than
while true do end
