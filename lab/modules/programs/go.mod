module chaosreg.lab/programs

go 1.26
