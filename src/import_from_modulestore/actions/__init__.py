"""
What can be done, each with its permission check: the bodies of :mod:`import_from_modulestore.api`.

``access`` decides who may; ``sources`` finds what there is; ``steps`` does the work of an import, here or in a worker;
``review`` looks through and changes what is staged; ``records`` tells what happened.
"""
