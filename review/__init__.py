"""Review by people: what is asked, how an answer is checked, how it is applied; workbooks out and in."""
