"""Does all that is stored and told follow from what was captured?"""
